/** ONNX Runtime's messages without their C++: source paths, function signatures, status codes. Pure. */

const SOURCE = /(?:\/onnxruntime_src\/|[A-Z]:\\)\S*?:\d+\s+/;
const NODE_FAILURE =
  /^Non-zero status code returned while running (\S+) node\. Name:'([^']*)' Status Message: ([\s\S]*)$/;

/** One paragraph that a user can read. */
export function cleanMessage(message: string): string {
  const node = NODE_FAILURE.exec(message);
  if (node !== null) {
    const [, operator, name, rest] = node;
    return `${operator}${name ? ` "${name}"` : ''}: ${cleanMessage(rest ?? '')}`;
  }
  const bare = message
    .replace(/^Load model from .*? failed:/, '')
    .replace(/^Exception during initialization: /, '');
  return oneLine(withoutSource(bare));
}

/** After its path, the runtime writes the whole signature of the function that raised. */
function withoutSource(message: string): string {
  const source = SOURCE.exec(message);
  if (source === null) return message;
  const rest = message.slice(source.index + source[0].length);
  return withoutSource(message.slice(0, source.index) + rest.slice(signatureLength(rest)));
}

function signatureLength(message: string): number {
  const open = message.indexOf('(');
  if (open === -1) return 0;
  let depth = 0;
  for (let index = open; index < message.length; index++) {
    if (message[index] === '(') depth += 1;
    if (message[index] === ')') depth -= 1;
    if (depth === 0) return index + 1 + trailerLength(message.slice(index + 1));
  }
  return 0;
}

/** ` const`, template arguments and `::<lambda()>` belong to the signature. */
function trailerLength(message: string): number {
  return /^(?:\s*const\b|\s*noexcept\b|\s*\[with [^\]]*\]|::<[^>]*>)*/.exec(message)?.[0].length ?? 0;
}

function oneLine(message: string): string {
  return message.replace(/\s+/g, ' ').trim();
}
