using Microsoft.Extensions.Options;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Makes emitters, one per execution context. There is no global emitter, and no way to send without a context.
/// Safe to use from any thread.
/// </summary>
public sealed class EventEmitterFactory
{
    private readonly EmissionServices _services;
    private readonly StreamRegistry _streams;
    private readonly UserExecutionContextFactory _contexts;

    internal EventEmitterFactory(
        StreamRegistry streams,
        PipelineBridge bridge,
        FailureReporter failures,
        UserExecutionContextFactory contexts,
        IOptions<StreamOptions> options,
        IEventLog log,
        RunRegistry runs,
        PipelineObservation observation,
        EmergencyMode emergency,
        TimeProvider time,
        EmissionTelemetry telemetry,
        EmissionWaits waits,
        AnswerMetrics answers,
        TokenUsageMetrics usage,
        ServedTime served)
    {
        (_streams, _contexts) = (streams, contexts);
        _services = new EmissionServices(bridge, failures, options.Value.MaxEventBytes, log, runs, observation, emergency, time, telemetry)
        {
            Waits = waits,
            Answers = answers,
            Usage = usage,
            Served = served,
        };
    }

    /// <summary>
    /// Makes an emitter that is ready to use: the user's stream is loaded, and stays loaded until the emitter is disposed.
    /// </summary>
    /// <param name="context">Whose run it is.</param>
    /// <param name="options">How the emitter behaves; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels loading.</param>
    /// <exception cref="ContextValidationException">There is no context, or none of a run.</exception>
    /// <exception cref="NotInitializedException">The pipeline is not ready, or has stopped.</exception>
    /// <exception cref="BridgeUnavailableException">The pipeline has failed.</exception>
    /// <exception cref="SendFailureException">The log cannot be read.</exception>
    public ValueTask<EventEmitter> CreateEmitterAsync(
        UserExecutionContext context, EmitterOptions? options = null, CancellationToken cancellationToken = default)
    {
        const string Operation = "CreateEmitter";
        _contexts.RequireRun(context, Operation);
        return CreateAsync(
            context, Operation, () => CreateAsync(context, options ?? EmitterOptions.Default, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Makes an emitter for what belongs to a thread and to no run. The user's stream stays loaded until the emitter is disposed.
    /// </summary>
    /// <param name="context">Whose thread it is; of one with a run only user and thread count.</param>
    /// <param name="options">How the emitter behaves; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels loading.</param>
    /// <exception cref="ContextValidationException">There is no context.</exception>
    /// <exception cref="NotInitializedException">The pipeline is not ready, or has stopped.</exception>
    /// <exception cref="BridgeUnavailableException">The pipeline has failed.</exception>
    /// <exception cref="SendFailureException">The log cannot be read.</exception>
    public ValueTask<ThreadEmitter> CreateThreadEmitterAsync(
        UserExecutionContext context, EmitterOptions? options = null, CancellationToken cancellationToken = default)
    {
        const string Operation = "CreateThreadEmitter";
        _contexts.Require(context, Operation);
        return CreateAsync(context, Operation, () => CreateForThreadAsync(), cancellationToken);

        async ValueTask<ThreadEmitter> CreateForThreadAsync()
        {
            var stream = await _streams.PinAsync(context.UserKey, cancellationToken);
            try
            {
                await stream.Storage.ClaimAsync(cancellationToken);
                return new ThreadEmitter(_services, stream, context.OutsideRun(), options ?? EmitterOptions.Default);
            }
            catch
            {
                stream.Pins.Remove();
                throw;
            }
        }
    }

    private async ValueTask<T> CreateAsync<T>(
        UserExecutionContext context, string operation, Func<ValueTask<T>> create, CancellationToken cancellationToken)
    {
        var scope = context.ScopeOf(operation);
        try
        {
            _services.Bridge.EnsureCanEmit(scope, context.IsSystem);
            return await create();
        }
        catch (PipelineException exception)
        {
            _services.Failures.Report(exception);
            throw;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            var failure = SendFailureException.LogFailed(scope, "the user's stream could not be loaded", innerException: exception);
            _services.Failures.Report(failure);
            throw failure;
        }
    }

    private static EmitterAttempt AttemptOf(EmitterOptions options, int met)
    {
        var publisher = options.Publisher ?? new PublisherAttempt(met);
        publisher.Reach(options.Attempt ?? publisher.Value);
        return new EmitterAttempt(publisher, options.Attempt);
    }

    private async ValueTask<EventEmitter> CreateAsync(
        UserExecutionContext context, EmitterOptions options, CancellationToken cancellationToken)
    {
        var stream = await _streams.PinAsync(RunKey.Of(context), cancellationToken);
        try
        {
            await stream.Storage.ClaimAsync(cancellationToken);
            var run = await stream.Runs.EnterAsync(context.ThreadId, context.RunId, options.EmbeddedAgent, cancellationToken);
            var known = stream.Runs.Read(run);
            var life = _services.Runs.Enter(RunKey.Of(context), known);
            return new EventEmitter(_services, stream, run, life, context, AttemptOf(options, known.Attempt), options);
        }
        catch
        {
            stream.Pins.Remove();
            throw;
        }
    }
}
