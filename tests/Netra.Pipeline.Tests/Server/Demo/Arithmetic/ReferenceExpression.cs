using FsCheck;
using FsCheck.Fluent;

namespace Netra.Pipeline.Tests.Server.Demo.Arithmetic;

/// <summary>An expression with its value, calculated on the tree and not from the text: what the parser is compared with.</summary>
/// <param name="Text">The expression, with no more parentheses than it needs.</param>
/// <param name="Value">Its value; <see langword="null"/> when it has none.</param>
/// <param name="Level">How strongly its outermost operator binds: 1 sums, 2 products, 3 signs, 4 powers, 5 numbers.</param>
public sealed record ReferenceExpression(string Text, decimal? Value, int Level)
{
    /// <summary>
    /// Expressions of up to <paramref name="size"/> numbers. The operator is chosen before its operands are made,
    /// or making them all would never end.
    /// </summary>
    public static Gen<ReferenceExpression> Generator(int size) => size <= 1
        ? Number()
        : from choice in Gen.Choose(0, 11)
          from expression in Choice(choice, size)
          select expression;

    private static Gen<ReferenceExpression> Choice(int choice, int size) => choice switch
    {
        0 => Number(),
        1 or 2 => Binary('+', 1, size),
        3 or 4 => Binary('-', 1, size),
        5 or 6 => Binary('*', 2, size),
        7 or 8 => Binary('/', 2, size),
        9 => Binary('%', 2, size),
        10 => Power(size),
        _ => Negated(size),
    };

    private static Gen<ReferenceExpression> Number() =>
        from whole in Gen.Choose(0, 99)
        from hundredths in Gen.Choose(0, 99)
        let value = whole + (hundredths / 100m)
        select new ReferenceExpression(value.ToString(), value, 5);

    // The right operand of the same level needs parentheses: a - (b - c).
    private static Gen<ReferenceExpression> Binary(char symbol, int level, int size) =>
        from left in Generator(size / 2)
        from right in Generator(size / 2)
        let text = $"{left.Within(level)} {symbol} {right.Within(level + 1)}"
        select new ReferenceExpression(text, Calculate(symbol, left.Value, right.Value), level);

    // Up to the third power, squaring and multiplying one by one round alike, so that values can be compared exactly.
    private static Gen<ReferenceExpression> Power(int size) =>
        from bottom in Generator(size / 2)
        from exponent in Gen.Choose(0, 3)
        select new ReferenceExpression($"{bottom.Within(5)}^{exponent}", Repeat(bottom.Value, exponent), 4);

    private static Gen<ReferenceExpression> Negated(int size) =>
        from inner in Generator(size - 1)
        select new ReferenceExpression($"-{inner.Within(3)}", -inner.Value, 3);

    private static decimal? Repeat(decimal? value, int times) =>
        Attempt(() => Enumerable.Repeat(value!.Value, times).Aggregate(1m, (a, b) => a * b), value);

    private static decimal? Calculate(char symbol, decimal? left, decimal? right) => Attempt(
        () => symbol switch
        {
            '+' => left!.Value + right!.Value,
            '-' => left!.Value - right!.Value,
            '*' => left!.Value * right!.Value,
            '/' => left!.Value / right!.Value,
            _ => left!.Value % right!.Value,
        },
        left,
        right);

    private static decimal? Attempt(Func<decimal> operation, params decimal?[] operands)
    {
        try
        {
            return Array.TrueForAll(operands, operand => operand is not null) ? operation() : null;
        }
        catch (ArithmeticException)
        {
            return null;
        }
    }

    private string Within(int level) => Level >= level ? Text : $"({Text})";
}
