using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>Numbers that will not come.</summary>
/// <param name="From">The first one.</param>
/// <param name="To">The last one.</param>
/// <param name="Cause">Why.</param>
/// <param name="IsCertain">
/// Whether events were there. After an unclean end of the server nobody knows: it may have given these numbers to events that it could not
/// store, and gives none of them again.
/// </param>
public sealed record LostEvents(long From, long To, GapCause Cause, bool IsCertain);
