/** The domain of all texts: a language pack that translates Studio is called by it. */
export const DOMAIN = 'notebook-studio';
