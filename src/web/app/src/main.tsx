import { render } from 'preact';
import { App } from './ui/app';
import './styles/index.css';

render(<App />, document.getElementById('app')!);
