/** A long answer in markdown, for the demo: about 25 s at 15 words a second, enough to try everything it speaks of. */
export const GUIDE = `## A short guide, while this answer is being written

I am the simulator that comes with Conch. I have no key and need no network, but I stream like a real model, so
everything around me is the real thing. This answer takes a while on purpose. **Try these now:**

1. **Reload the page.** The text comes back at once, and goes on at the same character.
2. **Open the page in a second tab.** Both follow the same answer; there is one connection to the server.
3. **Press Esc, or the stop button.** You get a receipt: how long it took until the connection to the model was closed.
4. **Write the next question already.** It is queued, and you can take it back.

### What you may see

| state | what it means |
|---|---|
| queued | others are ahead of you; the number counts down |
| reasoning | the model thinks; open the line to read along |
| writing | the answer comes, token by token |
| stopped | the provider's connection is closed, nothing more is paid |
| failed | what went wrong, whether asking again helps, and what to change |

### The same for programs

Each answer is a log of numbered events. A client that lost its connection sends the number of the last one it has, and
misses nothing:

\`\`\`bash
curl -N http://localhost:8000/api/direct-chat/1/stream \\
  -H 'Last-Event-ID: 1-42'
\`\`\`

### And then

- Ask the same question again, and look at both versions with the arrows beside it.
- Change the question in place: the old conversation stays as another version.
- Branch off to try another direction without losing this one.
- Export the whole conversation as Markdown, JSON or NDJSON.
- Send a link to your phone and read on there.

When you are done with me, connect a model of your own under *Models*. A table like the one above, code like this and
formulas such as $$e^{i\\pi} + 1 = 0$$ look the same there.

> Nothing on this page is a recording. Reload once more if you do not believe it.
`;
