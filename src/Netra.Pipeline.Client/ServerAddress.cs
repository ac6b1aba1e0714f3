using System.Globalization;
using System.Net;
using System.Text;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>Where the server is, and what is asked of it. Safe for any number of threads.</summary>
internal sealed class ServerAddress : IDisposable
{
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(5);

    private readonly EventClientOptions _options;
    private readonly Uri _base;

    public ServerAddress(EventClientOptions options)
    {
        _options = options;
        var address = options.Address.GetLeftPart(UriPartial.Path);
        _base = new Uri(address.EndsWith('/') ? address : address + "/");
        Invoker = new HttpMessageInvoker(
            options.Handler ?? new SocketsHttpHandler { ConnectTimeout = options.ConnectTimeout }, disposeHandler: options.Handler is null);
    }

    /// <summary>What carries requests.</summary>
    public HttpMessageInvoker Invoker { get; }

    /// <summary>The address of a connection.</summary>
    /// <param name="point">Where it goes on; null for a client without a past.</param>
    /// <param name="joins">Whether text may come joined.</param>
    public Uri OfSocket(ResumePoint? point, bool joins)
    {
        var query = new StringBuilder();
        Append(ProtocolConstants.UserIdParameter, _options.UserId);
        Append("tenant_id", _options.TenantId);
        if (point is not null)
        {
            Append(ProtocolConstants.EpochParameter, point.Epoch);
            Append(ProtocolConstants.SeqParameter, point.Seq.ToString(CultureInfo.InvariantCulture));
            Append(ProtocolConstants.FromParameter, point.From.ToString(CultureInfo.InvariantCulture));
        }
        else if (_options.Start == EventStart.Beginning)
        {
            Append(ProtocolConstants.SeqParameter, "0");
        }

        Append("join", joins ? "1" : null);
        var address = new UriBuilder(new Uri(_base, _options.SocketPath.TrimStart('/'))) { Query = query.ToString() };
        address.Scheme = address.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;
        return address.Uri;

        void Append(string name, string? value)
        {
            if (value is not null)
            {
                query.Append(query.Length > 0 ? "&" : string.Empty).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }
    }

    /// <summary>Whether a server answers there, and takes connections (docs/protocol.md, section 9.7).</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(ReadyTimeout, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_base, "readyz"));
            using var response = await Invoker.SendAsync(request, either.Token);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // That nobody answers is the answer.
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    public void Dispose() => Invoker.Dispose();
}
