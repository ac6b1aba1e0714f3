import { PipelineClient, type PipelineEvent } from 'netra-pipeline-client';

async function handle(event: PipelineEvent): Promise<void> {
  switch (event.type) {
    case 'token':
      document.querySelector('#answer')!.append(event.data.delta);
      break;
    case 'tool_executing':
      console.log(`uses ${event.data.tool_name}`);
      break;
    case 'agent_completed':
    case 'agent_failed':
    case 'agent_cancelled':
      console.log(`is over: ${event.type}`);
  }
}

const client = new PipelineClient({ url: '/ws', userId: 'ada' }, { onEvent: handle, onState: (state) => console.log(state) });
client.connect();
