using System.Collections.ObjectModel;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Publishing;

/// <summary>Why an event was refused, or not confirmed, as its publisher is told. It has been reported.</summary>
/// <param name="Code">Which failure it is.</param>
/// <param name="Message">What happened.</param>
/// <param name="Numbers">The numbers of the case.</param>
internal sealed record PublishRejection(FailureCode Code, string Message, IReadOnlyDictionary<string, long> Numbers)
{
    public PublishRejection(FailureCode code, string message)
        : this(code, message, ReadOnlyDictionary<string, long>.Empty)
    {
    }

    // Not the exception itself: a hundred thousand of these may wait, and its stack is in the log.
    public static PublishRejection From(PipelineException exception) => new(exception.Code, exception.Message, exception.Numbers);
}
