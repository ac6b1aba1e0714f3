import { render } from 'preact';
import { App } from './ui/app';
import { followTheme } from './ui/theme';
import './styles/index.css';

followTheme();
render(<App />, document.getElementById('app')!);
