using System.Net;
using System.Net.Http.Headers;
using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Publishing;

/// <summary>Publishes an event a request, one after the other.</summary>
internal sealed class SinglePublisher : EventPublisher
{
    private const int MaxAnswer = 1024 * 1024;

    private readonly HttpClient _client;
    private readonly byte[] _buffer = new byte[EventLine.MaxLength];

    /// <param name="name">Names it in findings.</param>
    /// <param name="shared">What all publishers of the run share.</param>
    public SinglePublisher(string name, PublisherRun shared)
        : base(name, shared)
    {
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            SslOptions = ServerTrust.Options(host: null, shared.Target.IsInsecure),
        })
        {
            BaseAddress = new Uri(shared.Target.Url.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/v1/events"),
            Timeout = shared.Patience,
            MaxResponseContentBufferSize = MaxAnswer,
        };
        if (shared.Target.Token is { } token)
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public override async Task PublishAsync(IReadOnlyList<PublishedLine> lines, CancellationToken cancellationToken)
    {
        foreach (var line in lines)
        {
            var sentAt = MonotonicClock.Now;
            var length = EventLine.Write(_buffer, line, Shared.RunId, Shared.HasKeys);
            using var content = new ByteArrayContent(_buffer, 0, length);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            try
            {
                using var response = await _client.PostAsync((Uri?)null, content, cancellationToken);
                if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound)
                {
                    Shared.Findings.Add(FindingKind.Refused, Name, $"POST /v1/events: {(int)response.StatusCode} {response.ReasonPhrase}");
                    line.Stream.GiveUp(line.Place);
                    throw new LoadFailedException($"{Name} cannot publish: {(int)response.StatusCode}");
                }

                Take(line, sentAt, await response.Content.ReadAsByteArrayAsync(cancellationToken));
            }
            catch (HttpRequestException exception)
            {
                Shared.Findings.Add(FindingKind.Refused, Name, $"event {line.Place} of {line.Stream.UserId}: {exception.Message}");
                line.Stream.GiveUp(line.Place);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                Shared.Findings.Add(
                    FindingKind.Stalled,
                    Name,
                    $"event {line.Place} of {line.Stream.UserId} was not answered within {Shared.Patience.TotalSeconds} s");
                line.Stream.GiveUp(line.Place);

                // Each further event would wait as long.
                throw new LoadFailedException($"{Name} is not answered");
            }
        }
    }

    public override Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
