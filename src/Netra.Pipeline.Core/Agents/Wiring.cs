using System.Text.RegularExpressions;

namespace Netra.Pipeline.Agents;

/// <summary>The agents and tools that could be created, and everything that is wrong with them. Used by one thread.</summary>
internal sealed partial class Wiring
{
    public List<WiredPart<IAgent>> Agents { get; } = [];

    public List<WiredPart<ITool>> Tools { get; } = [];

    public List<string> Reasons { get; } = [];

    public void CheckNames()
    {
        CheckNames("agent", Agents);
        CheckNames("tool", Tools);
    }

    public void CheckRequirements()
    {
        var agents = Agents.Select(agent => agent.Name).ToHashSet(StringComparer.Ordinal);
        var tools = Tools.Select(tool => tool.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var agent in Agents)
        {
            CheckRequirements(agent, "tool", () => agent.Part.RequiredTools, tools);
            CheckRequirements(agent, "agent", () => agent.Part.RequiredAgents, agents);
        }
    }

    private void CheckNames<T>(string kind, List<WiredPart<T>> parts)
    {
        foreach (var part in parts.Where(part => part.Name is null || !ValidName().IsMatch(part.Name)))
        {
            var name = string.IsNullOrEmpty(part.Name) ? "has no name" : $"is named '{part.Name}'";
            Reasons.Add($"{kind} {part.Type.FullName} {name}; a name is 1 to 64 letters, digits, '_', '-' or '.'");
        }

        foreach (var same in parts.Where(part => part.Name is not null).GroupBy(part => part.Name).Where(same => same.Count() > 1))
        {
            Reasons.Add($"{same.Count()} {kind}s are named '{same.Key}': {string.Join(", ", same.Select(part => part.Type.FullName))}");
        }
    }

    private void CheckRequirements(WiredPart<IAgent> agent, string kind, Func<IReadOnlyCollection<string>> required, HashSet<string?> names)
    {
        try
        {
            Reasons.AddRange(required().Where(name => !names.Contains(name))
                .Select(name => $"agent {agent.Type.FullName} needs {kind} '{name}', and no {kind} of that name could be made"));
        }
        catch (Exception e)
        {
            Reasons.Add($"agent {agent.Type.FullName} could not say which {kind}s it needs: {e.GetType().Name}: {e.Message}");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9_.-]{1,64}\z", RegexOptions.NonBacktracking)]
    private static partial Regex ValidName();
}
