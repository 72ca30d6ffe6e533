export default {
  title: "Keeping bees",
  url: "https://docs.example.org",
  baseUrl: "/",
  scripts: [{ src: "ENDPOINT/widget.js", async: true }],
  presets: [["classic", { blog: false }]],
  themeConfig: { navbar: { title: "Keeping bees", items: [{ type: "search", position: "right" }] } },
};
