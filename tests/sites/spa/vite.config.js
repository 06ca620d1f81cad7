// Emits the picture as a file of its own, small as it is.
export default { build: { assetsInlineLimit: 0 } };
