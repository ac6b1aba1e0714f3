namespace Netra.Pipeline.Tests.Crash;

/// <summary>A receipt that a writer holds: the server has said that the event is stored, and under which number and id.</summary>
/// <param name="Event">The event.</param>
/// <param name="Seq">Its number.</param>
/// <param name="Id">Its id.</param>
/// <param name="Answer">The receipt, byte for byte.</param>
/// <param name="Life">In which life of the server it was given.</param>
internal sealed record Promise(PublishedEvent Event, long Seq, string Id, string Answer, int Life);
