using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Access;
using Netra.Pipeline.Edge;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>Maps the routes that a class of handlers answers. Each goes through <see cref="OperatorRoute"/>.</summary>
/// <remarks>
/// Handlers take the request itself instead of parameters that the framework binds: nothing of a request may be read before it is admitted,
/// and values of routes and queries are read more strictly than the framework does (<see cref="RouteSegment"/>, <see cref="QueryReader"/>).
/// </remarks>
/// <typeparam name="T">The class, which is a service.</typeparam>
/// <param name="endpoints">The host's endpoints.</param>
internal sealed class OperatorRoutes<T>(IEndpointRouteBuilder endpoints)
    where T : notnull
{
    /// <summary>Maps a route that only reads.</summary>
    /// <param name="pattern">The route.</param>
    /// <param name="operation">Its name in failures and in the audit.</param>
    /// <param name="answer">Answers a request.</param>
    /// <param name="right">What its caller needs.</param>
    public OperatorRoutes<T> Get(
        string pattern, string operation, Func<T, HttpContext, Task<IResult>> answer, AccessRights right = AccessRights.View)
        => Map(HttpMethods.Get, pattern, operation, right, answer);

    /// <inheritdoc cref="Get(string, string, Func{T, HttpContext, Task{IResult}}, AccessRights)"/>
    public OperatorRoutes<T> Get(
        string pattern, string operation, Func<T, HttpContext, IResult> answer, AccessRights right = AccessRights.View)
        => Get(pattern, operation, (handlers, context) => Task.FromResult(answer(handlers, context)), right);

    /// <summary>Maps a route whose answer lasts: it takes a place, so pages of other origins may not ask for it.</summary>
    /// <inheritdoc cref="Get(string, string, Func{T, HttpContext, Task{IResult}}, AccessRights)"/>
    public OperatorRoutes<T> Feed(string pattern, string operation, Func<T, HttpContext, IResult> answer)
        => Map(
            HttpMethods.Get,
            pattern,
            operation,
            AccessRights.View,
            (handlers, context) => Task.FromResult(answer(handlers, context)),
            RouteRules.Changing);

    /// <summary>Maps a route that does something.</summary>
    /// <inheritdoc cref="Get(string, string, Func{T, HttpContext, Task{IResult}}, AccessRights)"/>
    public OperatorRoutes<T> Post(string pattern, string operation, AccessRights right, Func<T, HttpContext, Task<IResult>> answer)
        => Map(HttpMethods.Post, pattern, operation, right, answer);

    /// <summary>Maps a route that changes something.</summary>
    /// <inheritdoc cref="Get(string, string, Func{T, HttpContext, Task{IResult}}, AccessRights)"/>
    public OperatorRoutes<T> Put(string pattern, string operation, AccessRights right, Func<T, HttpContext, Task<IResult>> answer)
        => Map(HttpMethods.Put, pattern, operation, right, answer);

    /// <summary>Maps a route that deletes something.</summary>
    /// <inheritdoc cref="Get(string, string, Func{T, HttpContext, Task{IResult}}, AccessRights)"/>
    public OperatorRoutes<T> Delete(string pattern, string operation, AccessRights right, Func<T, HttpContext, Task<IResult>> answer)
        => Map(HttpMethods.Delete, pattern, operation, right, answer);

    private OperatorRoutes<T> Map(
        string method,
        string pattern,
        string operation,
        AccessRights right,
        Func<T, HttpContext, Task<IResult>> answer,
        params object[] metadata)
    {
        endpoints.MapMethods(pattern, [method], HandleAsync).WithMetadata(metadata);
        return this;

        Task HandleAsync(HttpContext context)
        {
            var services = context.RequestServices;
            var handlers = services.GetRequiredService<T>();
            return services.GetRequiredService<OperatorRoute>().HandleAsync(context, operation, right, () => answer(handlers, context));
        }
    }
}

/// <summary>What the routes under <c>/monitoring/websocket</c> have in common (docs/protocol.md, section 11).</summary>
internal static class MonitoringRoutes
{
    public const string Prefix = "/monitoring/websocket";

    /// <summary>How many bytes the body of a single change may have.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    /// <summary>How many bytes a whole configuration may have.</summary>
    public const int MaxConfigurationBytes = 4 * 1024 * 1024;
}
