using System.Globalization;

namespace Netra.Pipeline.Server.Demo.Arithmetic;

/// <summary>Cuts an arithmetic expression into tokens. A pure function.</summary>
internal static class Tokenizer
{
    public static List<ArithmeticToken> Tokenize(string expression)
    {
        var tokens = new List<ArithmeticToken>();
        var at = 0;
        while (at < expression.Length)
        {
            var symbol = expression[at];
            if (char.IsWhiteSpace(symbol))
            {
                at++;
            }
            else if (char.IsAsciiDigit(symbol) || symbol == '.')
            {
                tokens.Add(Number(expression, ref at));
            }
            else
            {
                tokens.Add(new ArithmeticToken(KindOf(symbol, at), Canonical(symbol), 0, at + 1));
                at++;
            }
        }

        tokens.Add(new ArithmeticToken(TokenKind.End, '\0', 0, expression.Length + 1));
        return tokens;
    }

    private static ArithmeticToken Number(string expression, ref int at)
    {
        var start = at;
        while (at < expression.Length && (char.IsAsciiDigit(expression[at]) || expression[at] == '.'))
        {
            at++;
        }

        var text = expression.AsSpan(start, at - start);
        const NumberStyles Style = NumberStyles.AllowDecimalPoint;
        return decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out var value)
            ? new ArithmeticToken(TokenKind.Number, '\0', value, start + 1)
            : throw new CalculationException($"'{text}' at position {start + 1} is not a number, or one of more than 28 digits.");
    }

    private static TokenKind KindOf(char symbol, int at) => symbol switch
    {
        '(' => TokenKind.Open,
        ')' => TokenKind.Close,
        '+' or '-' or '*' or '/' or '%' or '^' or '×' or '·' or '÷' or '−' => TokenKind.Operator,
        _ => throw new CalculationException(
            $"'{symbol}' at position {at + 1} has no meaning here. Numbers, + - * / % ^ and parentheses are understood."),
    };

    // People paste expressions from typeset text, where the signs have characters of their own.
    private static char Canonical(char symbol) => symbol switch
    {
        '×' or '·' => '*',
        '÷' => '/',
        '−' => '-',
        _ => symbol,
    };
}
