export { keepIn, type TextStorage } from './storage/keep-in.js';
