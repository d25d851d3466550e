/** The TypeScript client of a cluster. */
export { type ConnectOptions, connect } from './connect.ts';
export { ControlClient, type ControlOp, type Fields, type Result } from './control-client.ts';
