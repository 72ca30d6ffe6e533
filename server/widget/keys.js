// Handles hotkeys of the page and keys of the field.
const APPLE = /Mac|iP(hone|ad|od)/.test(navigator.platform);

function hotkeysOf(host) {
  const hotkeys = host.getAttribute("hotkeys") ?? "/ mod+k";
  return hotkeys === "none" ? [] : hotkeys.toLowerCase().replaceAll("mod", APPLE ? "meta" : "ctrl").split(/\s+/);
}

function pressed({ key, code, ctrlKey, metaKey, altKey, shiftKey }) {
  // On layouts without Latin letters, the position of the key decides.
  const name = (key > "\x7f" ? code.replace("Key", "") : key).toLowerCase();
  // On some layouts "/" needs Shift.
  return [ctrlKey && "ctrl", metaKey && "meta", altKey && "alt", shiftKey && /^[a-z]/.test(name) && "shift", name].filter(Boolean).join("+");
}

// Returns whether the node may use the keys itself. A closed shadow tree hides its content, so its host counts as a field.
function takesKeys(node, at) {
  if (!(node instanceof Element)) return false;
  return node.matches("input, textarea, select") || node.isContentEditable || (!at && node.localName.includes("-") && !node.shadowRoot);
}

// Fields of the page keep every key. The field of the widget keeps keys that type text.
function isHotkey(event, host) {
  if (event.defaultPrevented || event.isComposing || event.repeat || !event.key || !hotkeysOf(host).includes(pressed(event))) return false;
  const field = event.composedPath().find(takesKeys);
  return !field || (field === host.view.input && (event.ctrlKey || event.metaKey));
}

// Returns the hotkey to show on the button.
function shownHotkey(host) {
  const hotkeys = hotkeysOf(host), names = { ctrl: "Ctrl", meta: "⌘", alt: "Alt", shift: "Shift" };
  const shown = hotkeys.find((hotkey) => /ctrl|meta/.test(hotkey)) ?? hotkeys[0] ?? "";
  return shown.split("+").map((name) => names[name] ?? name.toUpperCase()).join(" ");
}

// Safari sends 229 for the Enter that ends a composition.
const composing = (event) => event.isComposing || event.keyCode === 229;

// Home and End move in the text until an option is active.
function fieldKey(event, { view }) {
  const keys = { ArrowDown: () => view.move(1), ArrowUp: () => view.move(-1), Enter: () => view.host.enter(event) };
  if (view.active) Object.assign(keys, { Home: () => view.moveTo(0), End: () => view.moveTo(-1) });
  const act = keys[event.key];
  if (!act || composing(event) || event.shiftKey || event.altKey) return;
  event.preventDefault();
  act();
}
