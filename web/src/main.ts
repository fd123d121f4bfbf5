import './tokens.css';
import './base.css';
import { mount } from 'svelte';
import { here } from './here.svelte';
import App from './shell/App.svelte';
import { install } from './state/install.svelte';
import { session } from './state/session.svelte';

here.start();
install.start();
void session.start();
mount(App, { target: document.getElementById('app') ?? document.body });
