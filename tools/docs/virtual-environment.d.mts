export function virtualEnvironment(options: {
  readonly cacheDir?: string;
  readonly name: string;
  readonly requirements: readonly string[];
}): Promise<{ readonly executable: string } | { readonly skipped: string }>;
