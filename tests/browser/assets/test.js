// Watches what a test asks about afterwards.
window.fired = [];
for (const type of ["cloze-open", "cloze-close", "cloze-select", "cloze-results", "cloze-query"]) {
  document.addEventListener(type, (event) => {
    const { answer, ...detail } = event.detail ?? {};
    fired.push({ type, detail });
    if (type === "cloze-select" && window.routed) event.preventDefault();
  });
}

// Fields inside of shadow trees: the page sees only their hosts as the target of keys.
document.addEventListener("DOMContentLoaded", () => {
  const host = document.getElementById("shadowed");
  host.attachShadow({ mode: "open" }).append(Object.assign(document.createElement("input"), { id: "inner", ariaLabel: "Inner field" }));
  const closed = document.querySelector("closed-field").attachShadow({ mode: "closed", delegatesFocus: true });
  closed.append(Object.assign(document.createElement("input"), { ariaLabel: "Field in a closed tree" }));
});
