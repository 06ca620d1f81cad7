import picture from "./picture.svg";

export const render = () => `<h1>Home</h1><img src="${picture}" alt="" width="64" height="64">`;
