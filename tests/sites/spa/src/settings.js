export const render = () => "<h1>Settings</h1>";
