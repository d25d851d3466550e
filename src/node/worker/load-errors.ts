/**
 * Why a model did not load, in the user's words. In: what the runtime threw and the path of the file; out: an
 * MdmError that names the file, what it wants, what is there, and what to do.
 */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { MdmError } from '../../wire/errors.ts';
import { errorCode } from '../cluster/error-code.ts';
import { elementTypeName, foreignTensors, opsets } from './onnx-file.ts';
import { RUNTIME } from './ort.ts';
import { cleanMessage } from './ort-message.ts';

const GIT_LFS = 'version https://git-lfs';
/** Every ONNX model begins with its IR version: field 1, a number. */
const FIRST_BYTE_OF_ONNX = 0x08;

interface Rule {
  readonly pattern: RegExp;
  readonly explain: (path: string, match: RegExpExecArray, message: string) => MdmError;
}

const RULES: readonly Rule[] = [
  { pattern: /File doesn't exist|is a directory/i, explain: path => notFound(path, 'there is no such file') },
  { pattern: /Protobuf parsing failed|does not have a graph|No graph was found/, explain: notWhole },
  {
    pattern: /IR version: (\d+), max supported IR version: (\d+)/,
    explain: (path, [, wanted, known]) =>
      unsupported(path, `has IR version ${wanted}; ${RUNTIME} knows versions up to ${known}`, {
        remedy: `Save it with an ir_version of at most ${known}.`,
        details: { ir_version: Number(wanted), known: Number(known) }
      })
  },
  {
    pattern: /Opset (\d+) is under development[\s\S]*domain (\S+) is till opset (\d+)/,
    explain: (path, [, wanted, domain, known]) =>
      unsupported(path, `imports opset ${wanted} of ${domain}; ${RUNTIME} knows opsets up to ${known}`, {
        remedy: `Export it again with an opset of at most ${known} (target_opset or opset_version).`,
        details: { domain, opset: Number(wanted), known: Number(known) }
      })
  },
  {
    pattern: /(?:Fatal error: )?(\S+):([^\s:(]+)\(-?\d+\) is not a registered function\/op/,
    explain: (path, [, domain, operator]) => unknownOperator(path, `${domain}.${operator}`)
  },
  {
    pattern: /No Op registered for (\S+) with domain_version of (\d+)/,
    explain: (path, [, operator]) => unknownOperator(path, operator ?? '')
  },
  {
    pattern: /Could not find an implementation for ([^\s(]+)\((\d+)\)/,
    explain: (path, [, operator, version]) =>
      unsupported(path, `uses ${operator} (version ${version}) with types that ${RUNTIME} has no code for`, {
        remedy: 'Export it with float32 or another common element type at this operator.',
        details: { operator }
      })
  },
  {
    pattern: /Unsupported data type: (\d+)/,
    explain: (path, [, type]) => foreignType(path, elementTypeName(Number(type)))
  },
  {
    pattern: /External data path|[Ee]xternal (?:initializer|data)|GetFileLength/,
    explain: (path, _, message) =>
      new MdmError(
        'model_invalid',
        `${path} keeps its weights in another file, which cannot be read: ${message}`,
        {
          remedy:
            'Copy the file with the weights into the same folder, under the name that it was saved with.',
          details: { path }
        }
      )
  },
  {
    pattern: /[Ff]ailed to allocate memory|bad_alloc|out of memory/,
    explain: (path, _, message) =>
      new MdmError('model_failed', `${path} does not fit the memory of this device: ${message}`, {
        remedy: 'Use fewer workers, or a smaller or quantised model.',
        details: { path }
      })
  }
];

/** @param thrown by the runtime while it made a session of the file */
export function explainLoadFailure(path: string, thrown: unknown): MdmError {
  if (thrown instanceof MdmError) return thrown;
  const raw = thrown instanceof Error ? thrown.message : String(thrown);
  const message = cleanMessage(raw);
  for (const { pattern, explain } of RULES) {
    const match = pattern.exec(message);
    if (match !== null) return explain(path, match, message);
  }
  return new MdmError('model_invalid', `${path} cannot be loaded: ${message}`, {
    remedy: 'Check it with onnx.checker.check_model(path, full_check=True).',
    details: { path },
    cause: thrown
  });
}

/** @throws MdmError `model_not_found` when the file is not there or cannot be read */
export function checkReadable(path: string): void {
  try {
    if (!statSync(path).isFile()) throw notFound(path, 'it is a folder');
    closeSync(openSync(path, 'r'));
  } catch (thrown) {
    if (thrown instanceof MdmError) throw thrown;
    const code = errorCode(thrown);
    throw notFound(path, code === 'ENOENT' ? 'there is no such file' : `it cannot be opened (${code})`);
  }
}

/** @param output name of an output that is no tensor and comes from no ZipMap */
export function notATensor(path: string, role: 'input' | 'output', name: string): MdmError {
  return unsupported(
    path,
    `has ${role} "${name}", which is a sequence, map or optional value and no tensor`,
    {
      remedy: 'Export it so that all inputs and outputs are tensors; for scikit-learn, with zipmap=False.',
      details: { [role]: name }
    }
  );
}

export function unsupported(
  path: string,
  what: string,
  { remedy, details }: { remedy: string; details: Readonly<Record<string, unknown>> }
): MdmError {
  return new MdmError('model_unsupported', `${path} ${what}.`, { remedy, details: { path, ...details } });
}

function notFound(path: string, why: string): MdmError {
  return new MdmError('model_not_found', `Model ${path} cannot be read: ${why}.`, {
    remedy: 'Give the path of an .onnx file that the cluster can read.',
    details: { path }
  });
}

function unknownOperator(path: string, operator: string): MdmError {
  const imported = opsets(readFileSync(path)).join(', ');
  return unsupported(
    path,
    `uses operator ${operator}, which ${RUNTIME} does not have (it imports ${imported})`,
    {
      remedy: 'Custom operators cannot be loaded; export the model with operators of ONNX itself.',
      details: { operator }
    }
  );
}

function foreignType(path: string, type: string): MdmError {
  const tensors = foreignTensors(readFileSync(path)).join(', ') || type;
  return unsupported(path, `has ${tensors}, which ${RUNTIME} cannot hand over`, {
    remedy: 'Cast it to float32 inside the model, or export it with float32 inputs and outputs.',
    details: { type }
  });
}

function notWhole(path: string): MdmError {
  const size = statSync(path).size;
  const start = firstBytes(path, GIT_LFS.length);
  const found = describeStart(start, size);
  return new MdmError('model_invalid', `${path} is not a whole ONNX model: ${found.what}.`, {
    remedy: found.remedy,
    details: { path, bytes: size }
  });
}

function describeStart(start: Buffer, size: number): { what: string; remedy: string } {
  if (size === 0) return { what: 'the file is empty', remedy: 'Copy or export it again.' };
  if (start.toString('latin1') === GIT_LFS) {
    return { what: 'it is a Git LFS pointer', remedy: 'Run “git lfs pull” to fetch the model itself.' };
  }
  if (start[0] === FIRST_BYTE_OF_ONNX) {
    const what = `it begins as one and breaks off or is damaged (${size} bytes)`;
    return { what, remedy: 'The copy or download may be incomplete: fetch or export it again.' };
  }
  const what = `its ${size} bytes are of another format`;
  return { what, remedy: 'Give an .onnx file; other formats have to be exported to ONNX first.' };
}

function firstBytes(path: string, count: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(count);
    return bytes.subarray(0, readSync(file, bytes, 0, count, 0));
  } finally {
    closeSync(file);
  }
}
