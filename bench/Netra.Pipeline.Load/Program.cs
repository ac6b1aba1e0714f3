using System.CommandLine;
using Netra.Pipeline.Load.Attacks;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Compare;
using Netra.Pipeline.Load.Scale;
using Netra.Pipeline.Load.Scenarios;
using Netra.Pipeline.Load.Verify;

// Sockets complete on the thread that waits for them all: no hop to another for each read. It is read when the first socket is made.
Environment.SetEnvironmentVariable(InlineCompletions.Variable, "1");
var root = new RootCommand("Tries a deployment of Netra.Pipeline from outside, and loads it.")
{
    VerifyCommand.Create(),
    AttackCommand.Create(),
    CompareCommand.Create(),
    FiguresCommand.CreateScale(),
    FiguresCommand.CreatePublishing(),
};
foreach (var command in ScenarioCommands.Create())
{
    root.Add(command);
}

// A run that is ended early waits for what was published, and prints its report, however long that takes.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(10) });
