using Netra.Pipeline.Contexts;

namespace Netra.Pipeline.Runs;

/// <summary>What identifies a run. The user is part of it: a run id alone never finds another user's run.</summary>
internal readonly record struct RunKey(string UserKey, string ThreadId, string RunId)
{
    public static RunKey Of(UserExecutionContext context) => new(context.UserKey, context.ThreadId, context.RunId);
}
