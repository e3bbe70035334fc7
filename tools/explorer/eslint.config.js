// What is asked of the page's modules: plain scripts of today's browsers, nothing unused, nothing undeclared.
const browser = ["document", "location", "history", "navigator", "performance", "matchMedia", "getComputedStyle", "addEventListener",
  "requestAnimationFrame", "cancelAnimationFrame", "setTimeout", "clearTimeout", "ResizeObserver", "XMLSerializer", "Blob", "URL", "Image", "atob",
  "globalThis", "HTMLElement", "DecompressionStream", "Response"];

export default [
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: Object.fromEntries(browser.map((name) => [name, "readonly"])) },
    rules: {
      "constructor-super": "error", "for-direction": "error", "no-cond-assign": "error", "no-const-assign": "error",
      "no-constant-condition": "error", "no-debugger": "error", "no-dupe-args": "error", "no-dupe-keys": "error",
      "no-duplicate-case": "error", "no-empty": "error", "no-eval": "error", "no-implied-eval": "error", "no-new-func": "error",
      "no-redeclare": "error", "no-shadow-restricted-names": "error", "no-undef": "error", "no-unreachable": "error",
      "no-unsafe-finally": "error", "no-unused-vars": "error", "no-useless-escape": "error", "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }], "eqeqeq": "error", "object-shorthand": "error", "no-alert": "error",
      "no-restricted-properties": ["error", { property: "innerHTML" }, { property: "outerHTML" }, { property: "insertAdjacentHTML" }],
      "complexity": ["error", 22], "max-lines": ["error", 460], "max-params": ["error", 8],
    },
  },
];
