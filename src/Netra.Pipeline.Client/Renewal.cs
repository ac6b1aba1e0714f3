using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>
/// Keeps the credential of one connection from ending (docs/protocol.md, section 12.3): when the server says that it is about to, it asks
/// for a
/// new token and hands it over in band, again and again where that fails. In vain, also where the new token ends no later than the one
/// before, the connection ends with its credential, and the next one brings another token.
/// </summary>
internal sealed class Renewal(EventClientOptions options, Outbox outbox, ClientLog log)
{
    /// <summary>A token that ends no later than this after the one before is none: the server would announce its end at once.</summary>
    private static readonly TimeSpan LeastGain = TimeSpan.FromSeconds(1);

    private readonly Signal _asked = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource<bool>? _answer;
    private string _id = string.Empty;
    private (long At, TimeSpan Left)? _announced;
    private bool _isVain;

    /// <summary>The server says that the credential is about to end.</summary>
    public void Ask(ExpiringMessage message)
    {
        lock (_gate)
        {
            _announced = (options.Time.GetTimestamp(), TimeSpan.FromMilliseconds(message.ExpiresInMs));
            if (_isVain)
            {
                return;
            }
        }

        _asked.Set();
    }

    public void Authenticated(AuthenticatedMessage message)
    {
        lock (_gate)
        {
            _isVain = message.ExpiresInMs is { } milliseconds && _announced is { } announced
                && TimeSpan.FromMilliseconds(milliseconds) < announced.Left - options.Time.GetElapsedTime(announced.At) + LeastGain;
        }

        Answer(message.Id, isTaken: true);
    }

    /// <returns>Whether the error answers what was handed over.</returns>
    public bool TryRefuse(ErrorMessage error) => Answer(error.Id, isTaken: false);

    /// <summary>Renews whenever it is asked to, until the connection ends.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var round = 0; ; round++)
            {
                await _asked.WaitAsync(cancellationToken);
                for (var tries = 0; !await TryRenewAsync($"authenticate-{round}-{tries}", cancellationToken); tries++)
                {
                    var pause = Backoff.After(options.FirstPause, options.LongestPause, tries, Random.Shared.NextDouble());
                    await Task.Delay(pause, options.Time, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The connection has ended.
        }
    }

    private async Task<bool> TryRenewAsync(string id, CancellationToken cancellationToken)
    {
        if (options.GetToken is null)
        {
            return true;
        }

        try
        {
            var token = await options.GetToken(cancellationToken);
            Task<bool> answer;
            lock (_gate)
            {
                _id = id;
                _answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                answer = _answer.Task;
            }

            outbox.Send(ClientMessageWriter.Authenticate(new AuthenticateMessage(token, id)));
            return await answer.WaitAsync(options.RequestTimeout, options.Time, cancellationToken);
        }
        catch (UnauthorizedException exception)
        {
            // The connection goes on to the end of its own credential; the next one asks again, and fails for good by that.
            log.TokenFailed(exception);
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            log.TokenFailed(exception);
            return false;
        }
    }

    private bool Answer(string? id, bool isTaken)
    {
        lock (_gate)
        {
            return _answer is not null && id == _id && _answer.TrySetResult(isTaken);
        }
    }
}
