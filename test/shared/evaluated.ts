/** Another object whenever modules are evaluated anew. */
export const evaluated = {};
