/** One line an event on stderr, where the broker reads it: event and facts. */
export type Fact = string | number;

export type Log = (event: string, facts?: Readonly<Record<string, Fact>>) => void;

export const logToStderr: Log = (event, facts = {}) => {
  const told = Object.entries(facts).map(([name, fact]) => ` ${name}=${JSON.stringify(fact)}`);
  process.stderr.write(`${event}${told.join('')}\n`);
};
