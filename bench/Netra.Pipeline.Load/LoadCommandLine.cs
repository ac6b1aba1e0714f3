using System.CommandLine;
using Netra.Pipeline.Load.Attacks;
using Netra.Pipeline.Load.Compare;
using Netra.Pipeline.Load.Scale;
using Netra.Pipeline.Load.Scenarios;
using Netra.Pipeline.Load.Verify;

namespace Netra.Pipeline.Load;

/// <summary>All commands of the harness.</summary>
internal static class LoadCommandLine
{
    public static RootCommand Create()
    {
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

        return root;
    }
}
