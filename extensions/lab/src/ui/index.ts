/** Pieces that several capabilities share. */
export * from './asking';
export * from './badge';
export * from './boundary';
export * from './fault';
export * from './fields';
export * from './form';
export * from './panel';
export * from './quiet';
export * from './time';
export * from './told';
export * from './virtual';
