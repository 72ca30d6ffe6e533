// Watches what a test asks about afterwards.
window.violations = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => violations.push(`${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`));

window.fired = [];
for (const type of ["cloze-open", "cloze-close", "cloze-select", "cloze-results", "cloze-query"]) {
  document.addEventListener(type, (event) => {
    const { answer, ...detail } = event.detail ?? {};
    fired.push({ type, detail });
    if (type === "cloze-select" && window.routed) event.preventDefault();
  });
}

// A field inside of a shadow tree: the page sees only its host as the target of keys.
document.addEventListener("DOMContentLoaded", () => {
  const host = document.getElementById("shadowed");
  host.attachShadow({ mode: "open" }).append(Object.assign(document.createElement("input"), { id: "inner", ariaLabel: "Inner field" }));
});
