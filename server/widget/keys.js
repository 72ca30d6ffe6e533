// Hotkeys of the page, and keys of the field.
const APPLE = /Mac|iP(hone|ad|od)/.test(navigator.platform);

function hotkeysOf(host) {
  const hotkeys = host.getAttribute("hotkeys") ?? "/ mod+k";
  return hotkeys === "none" ? [] : hotkeys.toLowerCase().replaceAll("mod", APPLE ? "meta" : "ctrl").split(/\s+/);
}

function pressed({ key, code, ctrlKey, metaKey, altKey, shiftKey }) {
  // Layouts without Latin letters: the place of the key decides.
  const name = (key > "\x7f" ? code.replace("Key", "") : key).toLowerCase();
  // On some layouts "/" needs Shift.
  return [ctrlKey && "ctrl", metaKey && "meta", altKey && "alt", shiftKey && /^[a-z]/.test(name) && "shift", name].filter(Boolean).join("+");
}

// Whether keys pressed there may be meant for it. What a closed shadow tree holds cannot be seen.
function takesKeys(node, at) {
  if (!(node instanceof Element)) return false;
  return node.matches("input, textarea, select") || node.isContentEditable || (!at && node.localName.includes("-") && !node.shadowRoot);
}

// The page's fields keep every key; the widget's own keeps those that are text.
function isHotkey(event, host) {
  if (event.defaultPrevented || event.isComposing || event.repeat || !event.key || !hotkeysOf(host).includes(pressed(event))) return false;
  const field = event.composedPath().find(takesKeys);
  return !field || (field === host.view.input && (event.ctrlKey || event.metaKey));
}

// The one to show on the button.
function shownHotkey(host) {
  const hotkeys = hotkeysOf(host), names = { ctrl: "Ctrl", meta: "⌘", alt: "Alt", shift: "Shift" };
  const shown = hotkeys.find((hotkey) => /ctrl|meta/.test(hotkey)) ?? hotkeys[0] ?? "";
  return shown.split("+").map((name) => names[name] ?? name.toUpperCase()).join(" ");
}

// 229: Safari, for the Enter that ends a composition.
const composing = (event) => event.isComposing || event.keyCode === 229;

// Home and End belong to the text until an option is active.
function fieldKey(event, { view }) {
  const keys = { ArrowDown: () => view.move(1), ArrowUp: () => view.move(-1), Enter: () => view.host.enter(event) };
  if (view.active) Object.assign(keys, { Home: () => view.moveTo(0), End: () => view.moveTo(-1) });
  const act = keys[event.key];
  if (!act || composing(event) || event.shiftKey || event.altKey) return;
  event.preventDefault();
  act();
}
