import "./user.css";

export const render = (id) => `<h1>User ${Number(id)}</h1>`;
