// Starts the window: fonts and tokens, the language, the backend, the first screen.
import "@fontsource-variable/inter/wght.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { connect } from "./lib/backend/connect";
import { Session } from "./lib/state/session.svelte";
import { chooseLocale, speak } from "./lib/words/voice";
import "./styles/base.css";
import "./styles/tokens.css";

const voice = speak(chooseLocale(navigator.languages));
document.documentElement.lang = voice.locale;
const session = new Session(await connect(), voice);
mount(App, { target: document.getElementById("app")!, props: { session } });
