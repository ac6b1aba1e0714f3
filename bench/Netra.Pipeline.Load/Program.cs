using System.CommandLine;
using Netra.Pipeline.Load;
using Netra.Pipeline.Load.Clients;

// Sockets complete on the thread that waits for them all: no hop to another for each read. It is read when the first socket is made.
Environment.SetEnvironmentVariable(InlineCompletions.Variable, "1");

// A run that is ended early waits for what was published, and prints its report, however long that takes.
return await LoadCommandLine.Create().Parse(args)
    .InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(10) });
