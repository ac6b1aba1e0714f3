using System.Globalization;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Http;

/// <summary>
/// Reads the parameters of a query. A problem is kept in <see cref="Problem"/>, and the default is returned instead. Not thread-safe; one
/// per request.
/// </summary>
internal sealed class QueryReader(IQueryCollection query)
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    /// <summary>What is wrong, for people; null while nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>A user's id; null when it is not there.</summary>
    public string? UserId()
    {
        var user = Text("user_id");
        Problem ??= user is null ? null : IdentifierRules.ProblemOf(user, "user_id");
        return user;
    }

    /// <summary>A tenant's id; null when it is not there.</summary>
    public string? TenantId()
    {
        var tenant = Text("tenant_id");
        Problem ??= tenant is null ? null : IdentifierRules.ProblemOfTenant(tenant);
        return tenant;
    }

    /// <summary>Keeps a problem with something that belongs to the query; null for none.</summary>
    public void Refuse(string? problem) => Problem ??= problem;

    /// <summary>One of several names; null when it is not there.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="nameOf">The names.</param>
    public T? Choice<T>(string name, Func<T, string> nameOf)
        where T : struct, Enum
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        foreach (var value in Enum.GetValues<T>())
        {
            if (nameOf(value) == text)
            {
                return value;
            }
        }

        Problem ??= $"{name} must be one of {string.Join(", ", Enum.GetValues<T>().Select(nameOf))}";
        return null;
    }

    /// <summary>Where the page begins: after this number.</summary>
    public long After() => Integer("after", 0, 0, ProtocolConstants.MaxSeq);

    /// <summary>Where a page that goes back begins: before this number; by default at the end.</summary>
    public long Before() => Integer("before", ProtocolConstants.MaxSeq, 0, ProtocolConstants.MaxSeq);

    /// <summary>Where a page of names begins: after this one; null for the first page.</summary>
    public string? AfterName() => Text("after");

    /// <summary>A number of whole seconds.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="absent">What it is where it is not there.</param>
    /// <param name="min">The least that is allowed.</param>
    /// <param name="max">The most that is allowed.</param>
    public TimeSpan Seconds(string name, int absent, int min, int max) => TimeSpan.FromSeconds(Integer(name, absent, min, max));

    /// <summary>How long the page is at most.</summary>
    public int Limit() => (int)Integer("limit", DefaultLimit, 1, MaxLimit);

    private long Integer(string name, long absent, long min, long max)
    {
        if (Text(name) is not { } text)
        {
            return absent;
        }

        // The parser would ignore NULs at the end.
        if (!text.AsSpan().ContainsAnyExceptInRange('0', '9')
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        Problem ??= $"{name} must be an integer from {min} to {max}, and is '{Shortened.Of(text)}'";
        return absent;
    }

    private string? Text(string name)
    {
        var values = query[name];
        if (values.Count > 1)
        {
            Problem ??= $"{name} occurs twice";
        }

        return values.Count == 0 ? null : values[0];
    }
}
