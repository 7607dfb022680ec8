/** Runs a step for one object; what is wrong with that object is a problem among others, not the end. */
export function attempt<T>(step: () => T, problems: { push(message: string): unknown }): T | undefined {
  try {
    return step();
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
