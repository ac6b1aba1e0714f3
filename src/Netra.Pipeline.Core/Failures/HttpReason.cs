namespace Netra.Pipeline.Failures;

/// <summary>Why a request of our own has failed, in words for operators.</summary>
internal static class HttpReason
{
    /// <summary>Where nobody is reached, HTTP's own words name the place; of TLS and the like they say only to look elsewhere.</summary>
    public static string Of(HttpRequestException exception)
        => exception.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            ? exception.Message
            : exception.GetBaseException().Message;
}
