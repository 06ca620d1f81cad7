// Shows the view of the location, and follows the links of this site without loading another page.
import "./style.css";

const routes = [
	[/^\/$/, () => import("./home.js")],
	[/^\/users\/([^/]+)$/, () => import("./user.js")],
	[/^\/settings$/, () => import("./settings.js")],
];

async function show() {
	const [pattern, load] = routes.find(([pattern]) => pattern.test(location.pathname)) ?? [/.*/, () => import("./missing.js")];
	const view = await load();
	document.querySelector("main").innerHTML = view.render(...pattern.exec(location.pathname).slice(1));
}

document.addEventListener("click", (event) => {
	const link = event.target.closest("a");
	if (link?.origin !== location.origin) return;
	event.preventDefault();
	history.pushState(null, "", link.href);
	show();
});
addEventListener("popstate", show);
show();
