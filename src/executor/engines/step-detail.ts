/** Units of a text in a step. The API cuts at 1500, and the mark of a cut counts. */
export const MAX_DETAIL = 1400;
