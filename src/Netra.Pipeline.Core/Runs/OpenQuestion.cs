using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Runs;

/// <summary>What a run waits for an answer to.</summary>
/// <param name="Question">The question.</param>
/// <param name="Since">Since when it waits, in ticks of the <see cref="RunClock"/>.</param>
/// <param name="KeptUntil">When retention deletes the question, in the same ticks: nobody can answer it then.</param>
internal sealed record OpenQuestion(LogQuestion Question, long Since, long KeptUntil);

/// <summary>The runs that wait for answers.</summary>
/// <param name="Runs">How many wait.</param>
/// <param name="Overdue">How many questions were to be answered by now.</param>
/// <param name="Oldest">How long the one waits that has waited for longest.</param>
internal readonly record struct WaitingRuns(int Runs, int Overdue, TimeSpan Oldest);

/// <summary>A run that waits for answers.</summary>
/// <param name="Key">The run.</param>
/// <param name="AgentName">Its agent, if it is known.</param>
/// <param name="Requests">How many answers it waits for.</param>
/// <param name="Overdue">How many of them were to come by now.</param>
/// <param name="Waited">For how long it has waited for the one that it asked for first.</param>
internal sealed record WaitingRun(RunKey Key, string? AgentName, int Requests, int Overdue, TimeSpan Waited);
