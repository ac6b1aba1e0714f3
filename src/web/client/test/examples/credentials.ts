import { PipelineClient, UnauthorizedError } from 'netra-pipeline-client';

const client = new PipelineClient(
  {
    url: 'wss://events.example.com/ws',
    getToken: async ({ signal }) => {
      const response = await fetch('/api/events-ticket', { method: 'POST', signal });
      if (response.status === 401) {
        throw new UnauthorizedError('Sign in again.');
      }
      return ((await response.json()) as { ticket: string }).ticket;
    },
  },
  { onEvent: (event) => console.log(event) },
);
client.connect();
