using System.CommandLine;
using Netra.Pipeline.Load.Verify;

return await new RootCommand("Tries a deployment of Netra.Pipeline from outside.") { VerifyCommand.Create() }.Parse(args).InvokeAsync();
