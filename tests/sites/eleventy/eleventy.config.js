// Pages are written as name.html and linked to as /name. Style sheets get the hash of their bytes as their name.
export default function (config) {
	config.addGlobalData("permalink", () => (data) => `${data.page.filePathStem}.html`);
	config.addUrlTransform(({ url }) => (url.endsWith(".html") ? url.slice(0, -".html".length) : undefined));
	config.addBundle("css", { toFileDirectory: "bundle" });
	config.addPassthroughCopy({ "src/public": "/" });
	return { dir: { input: "src", output: "dist" } };
}
