/**
 * A text as searches compare it: compatible characters alike (`ﬁ` and `fi`, full and half width), in lower case, the
 * same whatever the machine's locale. A part of a text gives a part of its key, so that `includes` finds any substring.
 */
export function searchKey(text: string): string {
  // Lower case makes a sigma at the end of a word another letter than one within: a part of a word would not be found.
  return text.normalize('NFKC').toLowerCase().normalize('NFKC').replaceAll('ς', 'σ');
}
