/** The name of the file with the allowances of a repository or a folder. */
export const ALLOWANCE_FILE = '.countersign-allow.yaml';
