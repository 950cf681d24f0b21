/** Picks the form of a counted phrase by the language's own rules. */
export type Forms = { readonly other: string } & { readonly [rule in Intl.LDMLPluralRule]?: string };

const rules = new Map<string, Intl.PluralRules>();

export function plural(language: string, n: number, forms: Forms): string {
  let known = rules.get(language);
  if (known === undefined) {
    known = new Intl.PluralRules(language);
    rules.set(language, known);
  }
  return forms[known.select(n)] ?? forms.other;
}
