using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Security.Tokens;

/// <summary>
/// Checks JSON Web Tokens (docs/protocol.md, section 12.1): signature, issuer, audience, times, how long they live, whom they name. No text
/// of it shows a token. Safe to use from any thread.
/// </summary>
internal sealed partial class TokenVerifier : IDisposable
{
    private const int LongestToken = 16 * 1024;
    private static readonly TimeSpan RemoteFreshFor = TimeSpan.FromMinutes(10);

    // Each of the kinds that a key of the kind can check: a library that took another would refuse it as well, by the key's type.
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.HmacSha256, SecurityAlgorithms.HmacSha384, SecurityAlgorithms.HmacSha512,
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly JsonWebTokenHandler _handler = new()
    {
        MapInboundClaims = false,
        MaximumTokenSizeInBytes = LongestToken,
        SetDefaultTimesOnTokenCreation = false,
    };

    private readonly CredentialOptions _options;
    private readonly TimeProvider _time;
    private readonly Lazy<KeySource[]> _sources;
    private readonly PeerLog _lines;
    private readonly ILogger _logger;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = 1024 * 1024 };

    public TokenVerifier(IOptions<CredentialOptions> options, ServedTime time, PeerLog lines, ILogger<TokenVerifier> logger)
    {
        (_options, _time, _lines, _logger) = (options.Value, time, lines, logger);
        _sources = new Lazy<KeySource[]>(() => [.. Sources()]);
    }

    /// <summary>Whether tokens are taken at all.</summary>
    public bool IsConfigured => _options.HasTokens;

    public void Dispose() => _http.Dispose();

    /// <summary>Checks a token.</summary>
    /// <exception cref="AuthenticationUnavailableException">No key is known, since none of their sources could be asked.</exception>
    public async ValueTask<VerifiedToken> VerifyAsync(string token, CancellationToken cancellationToken)
    {
        if (!IsConfigured)
        {
            return VerifiedToken.Refuse("No tokens are taken here (Netra:Authentication).");
        }

        // Of five parts it is encrypted, which nobody has a key for; what its parts are the library would find out by exceptions.
        if (token.Length > LongestToken || token.AsSpan().Count('.') != 2 || !_handler.CanReadToken(token))
        {
            return VerifiedToken.Refuse("The credential is not a JSON Web Token.");
        }

        JsonWebToken read;
        try
        {
            read = _handler.ReadJsonWebToken(token);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or SecurityTokenException)
        {
            return VerifiedToken.Refuse("The credential is not a JSON Web Token.");
        }

        // An extension that must be understood (RFC 7515, section 4.1.11), of which none is.
        if (read.TryGetHeaderValue<object>("crit", out _))
        {
            return VerifiedToken.Refuse("The token has a header 'crit', of which nothing is understood.");
        }

        var sets = new List<KeySet>();
        foreach (var source in _sources.Value)
        {
            // Where another source has the key, nobody waits for one that does not answer; the issuer may be known to that one alone.
            var waits = string.IsNullOrEmpty(_options.Issuer) || !sets.Exists(known => known.Has(read.Kid));
            if (await source.GetAsync(read.Kid, waits, cancellationToken) is { } set)
            {
                sets.Add(set);
            }
        }

        if (sets.Count == 0)
        {
            throw new AuthenticationUnavailableException("The keys that tokens are checked with cannot be asked for at the moment.");
        }

        var result = await _handler.ValidateTokenAsync(read, ParametersOf(sets));
        return result.IsValid ? Describe(read) : VerifiedToken.Refuse(ProblemOf(result.Exception));
    }

    private TokenValidationParameters ParametersOf(List<KeySet> sets) => new()
    {
        ValidAlgorithms = Algorithms,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        ValidateIssuer = true,
        ValidIssuers = [.. sets.Select(static set => set.Issuer).Append(_options.Issuer).OfType<string>().Distinct(StringComparer.Ordinal)],
        ValidateAudience = true,
        ValidAudience = _options.Audience,
        ValidateIssuerSigningKey = true,
        IssuerSigningKeys = sets.SelectMany(static set => set.Keys),
        LifetimeValidator = IsAlive,
        LogValidationExceptions = false,
        IncludeTokenOnFailedValidation = false,
        SaveSigninToken = false,
    };

    private bool IsAlive(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        return notBefore is { } from && from > now + _options.ClockSkew
            ? throw new SecurityTokenNotYetValidException()
            : expires is { } to && to > now - _options.ClockSkew
            ? true
            : throw (expires is null ? new SecurityTokenNoExpirationException() : new SecurityTokenExpiredException());
    }

    private VerifiedToken Describe(JsonWebToken token)
    {
        if (PayloadOf(token) is not { } claims)
        {
            return VerifiedToken.Refuse("The token's payload is not one JSON object of Unicode text, or names a member twice.");
        }

        // Of an issuer whose clock is ahead a token is of the future here. It counts as issued now, or it would live for longer than it
        // may, and its connections would outlive a revocation.
        var now = _time.GetUtcNow();
        var said = TimeOf(claims, JwtRegisteredClaimNames.Iat) ?? TimeOf(claims, JwtRegisteredClaimNames.Nbf);
        var issuedAt = said > now ? now : said;
        var expiresAt = new DateTimeOffset(token.ValidTo, TimeSpan.Zero);
        var lifetime = expiresAt - (issuedAt is { } issued && issued < expiresAt ? issued : now);
        if (lifetime > _options.MaxTokenLifetime + _options.ClockSkew)
        {
            return VerifiedToken.Refuse(
                $"The token lives for {lifetime}, and may live for {_options.MaxTokenLifetime} (Netra:Authentication:MaxTokenLifetime).");
        }

        if (!claims.TryGetProperty(_options.UserClaim, out var user) || user.ValueKind != JsonValueKind.String)
        {
            return VerifiedToken.Refuse($"The token has no text '{_options.UserClaim}', which names the user.");
        }

        if (IdentifierRules.ProblemOfUser(user.GetString(), _options.UserClaim) is { } problem)
        {
            return VerifiedToken.Refuse($"The token's {problem}.");
        }

        if (!TryReadTenant(claims, out var tenantId, out var tenantProblem))
        {
            return VerifiedToken.Refuse($"The token's {tenantProblem}.");
        }

        // Its grace is over when it ends for good.
        var identity = new ConnectionIdentity(user.GetString()!)
        {
            TenantId = tenantId,
            ExpiresAt = expiresAt + _options.ClockSkew,
            CredentialId = token.Id is { Length: > 0 } id ? id : null,
            IssuedAt = issuedAt,
        };
        var rights = claims.TryGetProperty(_options.RolesClaim, out var roles) ? RightsOf(roles) : AccessRights.None;
        return new VerifiedToken(identity, rights, Problem: null);
    }

    // A token without the claim is of a user without a tenant; one whose claim is not valid is nobody's.
    private bool TryReadTenant(JsonElement claims, out string tenantId, [NotNullWhen(false)] out string? problem)
    {
        (tenantId, problem) = (string.Empty, null);
        if (_options.HasTenants && claims.TryGetProperty(_options.TenantClaim!, out var tenant) && tenant.ValueKind != JsonValueKind.Null)
        {
            problem = tenant.ValueKind == JsonValueKind.String ? null : $"'{_options.TenantClaim}' is no text";
            tenantId = problem is null ? tenant.GetString()! : string.Empty;
            problem ??= IdentifierRules.ProblemOfTenant(tenantId);
        }

        return problem is null;
    }

    // The library has read it already, into types of its own choice.
    private static JsonElement? PayloadOf(JsonWebToken token)
    {
        try
        {
            using var payload = JsonDocument.Parse(
                Base64Url.DecodeFromChars(token.EncodedPayload), new JsonDocumentOptions { AllowDuplicateProperties = false });

            // Half a surrogate pair, escaped, passes the reader and would fail whoever fetches the text later.
            using var nowhere = new Utf8JsonWriter(Stream.Null);
            payload.RootElement.WriteTo(nowhere);
            return payload.RootElement.ValueKind == JsonValueKind.Object ? payload.RootElement.Clone() : null;
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    private static DateTimeOffset? TimeOf(JsonElement claims, string claim)
        => claims.TryGetProperty(claim, out var value)
            && value.ValueKind == JsonValueKind.Number
            && value.TryGetDouble(out var seconds)
            && seconds is > 0 and < 253_402_300_799
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;

    private static AccessRights RightsOf(JsonElement roles) => roles.ValueKind switch
    {
        JsonValueKind.String => RoleNames.RightsOf(roles.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
        JsonValueKind.Array => RoleNames.RightsOf(
            roles.EnumerateArray().Where(static role => role.ValueKind == JsonValueKind.String).Select(static role => role.GetString()!)),
        _ => AccessRights.None,
    };

    private static string ProblemOf(Exception? exception) => exception switch
    {
        SecurityTokenExpiredException => "The token has expired.",
        SecurityTokenNotYetValidException => "The token is not valid yet.",
        SecurityTokenNoExpirationException => "The token has no end (exp).",
        SecurityTokenInvalidIssuerException => "The token is of another issuer (Netra:Authentication:Issuer).",
        SecurityTokenInvalidAudienceException => "The token is for another audience (Netra:Authentication:Audience).",
        SecurityTokenInvalidAlgorithmException => "The token is signed with an algorithm that is not taken.",
        SecurityTokenSignatureKeyNotFoundException => "The token is signed with an unknown key.",
        SecurityTokenInvalidSignatureException => "The token's signature is not valid.",
        _ => "The token is not valid.",
    };

    private IEnumerable<KeySource> Sources()
    {
        if (_options.Keys.Count > 0)
        {
            var given = Task.FromResult(new KeySet([.. _options.Keys.Select(TokenKeys.Read)]));
            yield return new KeySource(_ => given, TimeSpan.MaxValue, _time, TellFor("Keys"));
        }

        if (_options.JwksFile is { Length: > 0 } file)
        {
            yield return new KeySource(
                token => ReadFileAsync(file, token), KeySource.FewestBetween, _time, TellFor(nameof(CredentialOptions.JwksFile)));
        }

        if (_options.JwksUrl is { Length: > 0 } url)
        {
            yield return new KeySource(
                token => FetchSetAsync(url, token), RemoteFreshFor, _time, TellFor(nameof(CredentialOptions.JwksUrl)));
        }

        if (_options.Authority is { Length: > 0 } authority)
        {
            yield return new KeySource(
                token => DiscoverAsync(authority, token), RemoteFreshFor, _time, TellFor(nameof(CredentialOptions.Authority)));
        }
    }

    private static async Task<KeySet> ReadFileAsync(string file, CancellationToken cancellationToken)
        => new(TokenKeys.ReadSet(await File.ReadAllTextAsync(file, cancellationToken), allowSecrets: true));

    private async Task<KeySet> FetchSetAsync(string url, CancellationToken cancellationToken)
        => new(TokenKeys.ReadSet(await _http.GetStringAsync(url, cancellationToken), allowSecrets: false));

    private async Task<KeySet> DiscoverAsync(string authority, CancellationToken cancellationToken)
    {
        // Which URLs may be without TLS is checked with the options; the document's own are held to the same.
        var documents = new HttpDocumentRetriever(_http) { RequireHttps = !CredentialOptionsValidator.IsOfThisMachine(authority) };
        var found = await OpenIdConnectConfigurationRetriever.GetAsync(
            $"{authority.TrimEnd('/')}/.well-known/openid-configuration", documents, cancellationToken);
        return new KeySet(TokenKeys.Checked(found.SigningKeys, allowSecrets: false), _options.Issuer ?? found.Issuer);
    }

    private Action<Exception> TellFor(string source) => exception => _lines.Write(
        EventIds.TokenKeysUnavailable,
        source,
        source: null,
        more => Log.Unavailable(_logger, source, exception.Message, more));

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.TokenKeysUnavailable,
            LogLevel.Error,
            "The keys that tokens are checked with (Netra:Authentication:{Source}) cannot be asked for: {Problem}. Those known go on{More}",
            EventName = nameof(EventIds.TokenKeysUnavailable))]
        public static partial void Unavailable(ILogger logger, string source, string problem, string more);
    }
}

/// <summary>What a token says, or what is wrong with it.</summary>
/// <param name="Identity">Whom it names; null where it is refused.</param>
/// <param name="Rights">What its roles allow.</param>
/// <param name="Problem">What is wrong; null where nothing is.</param>
internal sealed record VerifiedToken(ConnectionIdentity? Identity, AccessRights Rights, string? Problem)
{
    /// <summary>Whether the rights are for the users of every tenant, although tokens name tenants.</summary>
    public bool IsOfEveryTenant { get; init; }

    /// <summary>Those of the rights that count: of a tenant's token or session the others do not.</summary>
    public AccessRights RightsThatCount => Identity is { TenantId.Length: > 0 } ? Rights & AccessRights.OfTenant : Rights;

    /// <summary>For which users the rights are, where they are for some only; null where the tenant says all.</summary>
    public UserPattern? Users { get; init; }

    public static VerifiedToken Refuse(string problem) => new(null, AccessRights.None, problem);
}
