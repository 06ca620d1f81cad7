export const render = () => "<h1>No such view</h1>";
