import { experiments, type LiveFrame, type LinnetError } from "@linnet/sdk";
import { argument, type Context, type Register } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { hasEnded } from "../experiment-status.ts";
import { renderExperiment } from "../experiment-view.ts";
import { formatTime } from "../format.ts";
import { createLiveView } from "../live.ts";
import { type LiveEvent, renderFrame, summariseFrame } from "../live-frame-view.ts";

const EVENTS_SHOWN = 5;

const HELP = `
It is one request of the key's quota: changes come over a WebSocket, at most four a second.
Away from a terminal a change is a line; with --json each state is a line of JSON.
Ctrl-C leaves with exit code 130. --until-end leaves when the experiment has ended:
with exit code 0 when it was concluded, with 5 when it was rolled back.`;

export const registerExperimentWatch: Register = (group, wire) => {
  wire(
    group
      .command("watch <id>")
      .description("show an experiment as it changes")
      .option("--until-end", "leave when it is concluded or rolled back")
      .addHelpText("after", HELP),
    (context, command) => {
      const { untilEnd } = command.opts<{ untilEnd?: boolean }>();
      return watch(context, argument(command, 0), untilEnd === true);
    },
  );
};

async function watch(context: Context, id: string, untilEnd: boolean): Promise<number> {
  const { signal, stdout } = context.world;
  const client = await context.client();
  const screen = createScreen(context);
  const onRetry = (error: LinnetError, waitMs: number) => screen.trouble(error, waitMs);
  let last: LiveFrame | null = null;
  try {
    for await (const frame of experiments.watch(client, id, { signal, onRetry })) {
      screen.show(frame);
      last = frame;
      if (untilEnd && hasEnded(frame.status)) break;
    }
  } finally {
    screen.end();
  }
  if (!context.json) {
    const ended = await experiments.get(client, id, { signal });
    stdout.write(`\n${renderExperiment(ended, context)}\n`);
  }
  return last?.status === "rolled_back" ? EXIT.rolledBack : EXIT.ok;
}

/** Where frames go: redrawn on a terminal, a line a change elsewhere, JSON when asked for. */
function createScreen(context: Context) {
  const { stdout } = context.world;
  const isTerminal = stdout.isTTY === true && !context.json;
  const view = createLiveView(stdout);
  let events: LiveEvent[] = [];
  let trouble: string | null = null;
  let shown: LiveFrame | null = null;
  let summary = "";

  const draw = (frame: LiveFrame) => {
    const { paint } = context;
    // Asked anew, as a terminal may have been resized.
    view.draw(renderFrame(frame, { paint, width: stdout.columns, events, trouble }));
  };
  return {
    show(frame: LiveFrame) {
      trouble = null;
      shown = frame;
      const [newest] = events;
      const { last_event: event } = frame;
      if (event && (event.at !== newest?.at || event.type !== newest.type))
        events = [event, ...events].slice(0, EVENTS_SHOWN);
      if (context.json) stdout.write(`${JSON.stringify(frame)}\n`);
      else if (isTerminal) draw(frame);
      else {
        const line = summariseFrame(frame);
        if (line !== summary) stdout.write(`${formatTime(frame.at)} ${line}\n`);
        summary = line;
      }
    },
    trouble(error: LinnetError, waitMs: number) {
      trouble = `${error.detail}; trying again in ${(waitMs / 1_000).toFixed(1)} s`;
      if (isTerminal && shown) draw(shown);
      else context.note(trouble);
    },
    end: () => view.end(),
  };
}
