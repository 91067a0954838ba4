import { inflateRawSync } from 'node:zlib';
import sharp from 'sharp';

/** Letters at one size, ready to be drawn. */
export interface Glyphs {
  /** Of a cell, in pixels; all letters are equally wide. */
  readonly width: number;
  readonly height: number;
  /** How much of each pixel a letter covers, 0..255: cells of the characters from space to tilde, side by side. */
  readonly coverage: Uint8Array;
}

/** The first character of the atlas (space), and how many there are (to tilde). */
export const FIRST_GLYPH = 32;
export const GLYPHS = 95;

/** Cell size within the atlas. */
const CELL_WIDTH = 16;
const CELL_HEIGHT = 30;

/**
 * DejaVu Sans Mono Bold (https://dejavu-fonts.github.io, free to use and to pass on) at 25 pixels, drawn once: four
 * bits a pixel, row by row, deflated. A machine that analyses video at night often has no font at all.
 */
const ATLAS = [
  '7ZsJlFxVmYD/96qqq3rNi2HzxKRL0BAV0oXNDKt0AUFk0S7moFHi2I2ZSRgiVuNAmi1UB5AUI1KtccugVMm4QINWPLJXpNCDxkk6U8lx',
  'iaPgI+DIovLS6U5X1/LeP/n/e9+rV9XVSXcIwtG+JydV9/Wtu373v/9yH8Bsmk2zaTbNptk0m/7mU0N/+DDVdPFwiD8Dw5v+JmbG11fz',
  'QKvJH30t/X/+1TKraK+tPaXm83VLr7Gfr38HX1PyxOO3u/NXxOOhesWM0ar8sjWTy6y6tir7/n5X/pR+exq7UeygZtxRee7p7+/vfYNm',
  '4J2r/p0+TvsS/X/8mn+aotiNj9L//kzEl+kTIHv6gzSOPVXFjvk9buEvqx+RT5L7eNhFmW0fmW7HAhkNwK+b6yiz6IEMzdui72GZdtDx',
  'P0LzFlFsdSYC8J5MJpMZINruNP7UB3A35anH7zKse6nU4u1bZyS5LtCth6oAyHD7mUzmic/wg+WGuYHauf8azlF7TwCcQZ/Ub+VOLF8O',
  'cPdjAJ97HOAievwwiI4OgpJ5BGB+5pv7xzjIwoN++0CmV6HP+fT7Y8S4V2cy93+S51XkH8hk7ruE8qcb5qNB8HJzmYiaeYjaCAUyKYDG',
  'zODyx3jJHmkU+dR7aM38mR+Kecn0AvgQTapvQI4vhygApN660llm1f5Pm5OnSi+5cyciuvJRDNblPoq8yxoQ8anXJl3mHqJ8CiAymNFx',
  '0TscrF8uyeA2YZ8fUzxRO5pQc7i/6C/rRDd0xDJ/S0xIYMTAmuWwZ8B9RwFAySGWNYBWRIwAQBYRzSDNG6LFNaq8YB2IiHSAfggRRwB0',
  'yhcBvIYo5xPZmcwKIu/vRf2XyAeECD3mL/OR1zeHiL/a/zxGzy2eP0SaF+pHASBXBsiaor+Y3z+ALl5pBSdoLGFJAfgRQyrigIIYhnbU',
  'QNXFOBP0u0Fw8jQuK8I/QNzD3FBHPTgO0IPhAI29HQd7eA2y4z7xvLcF9wIsxKe4vzwAH5a30arulQN+MCe4b5DDrgj81My4T/91uW/C',
  '5w7th11oPl3h/mIdR6fFvYKDrTS53rUTKwC8Nu0BNH9UzX0L8wo+Mb5PhdpHPI9Mr2e0Jo20TCmANpt7azvPFHO0W8yjm3uPgZab+wVo',
  'GVSuC62aBT3YdFoGsQJnIlq9PAweAGMzLjeg5J7qreXeI9s/APeNlK9w39cguE8x9y1UfofkvgBOnsc1yu0Ydbj34hj9LdLFeObGIGtp',
  'il4GL+2zBEbc3D9nyxaRWgX3XUhVuAX++My4N8xLz63H/Ts/LASz98PhCvfq0g++UdzHRA8k96Dy6hycex/2dkwAqDnmsqW8TExbCz4F',
  'R1Zx32WJ8Ro8nbli12i6PC09XyFJ04E/OYH4ayunmftMBE6kdV+9Yu6Z8pwS3Jv9/f0R4uiPcMQPAFb1999ALHRjbwOVS1uh+WKfTHM6',
  'f6356fc+xN8z5+3I2wALx55CW7wB8bZTfgeQM+9gSRHD9f39a6i9r/b39xO35ooPvFLh/pR+3eonffLo/rWS+x6axwr3m5oE9yPMfRSf',
  'vpjaTeClVyIGnbxePm8t7YM09irL94Bn5UrdWrkyZHPP50gMtQ5kIEehAwcCBDLxb5R5Xq5jCSK5b3K4FNwrejlnBasViRlxzz2ox311',
  'ktwLYN4Q7hNlcHMP2cK0uG/EYHSflEMpmDMK6ZSQvra1bnOfLrh/30B6B8vdaP6gqkaI5ifsoZ3o1bqYe41WzL1DVUNn7sv26RWpzMhu',
  'gFgZIJcHMCbAI/ZJnXS0Y1r5PiO/eGkF8wDd1uXwPtq5PeUcNcv6iUWU7AM4irkOkFyPyfXtlu13406AxRXuxTdnpRWc8Bikvznc67vb',
  'TOY+z9xnMajQeZJADZIYcfJ6CVTadzrNZtip1+YeciVmcw6roMYINOLeJbRe3Tjgl+NvpH1jc6/iQBX3zfjj+fjjOnN0xLI1IeZeWXY5',
  'PzjyuhX8sUZj7pVla2gG5p2Mhc730vP1weM6mftlZJ+onZ2d1CWls7MzJLk/rjNoc692eq6BZRGAeZ3A5UFZdi2VP65TtnfUtRrX2/le',
  'ZRk1rK5aczZlz8AX6Dm11XkSKFS5pzM47yT6zbz3KuJvmiqfw7zOzk6uB5Klau7T0+Feefb3+Kxh7oJu/PjoZSloH5PcB3BvDfc2bd28',
  'FHAMorAEDsr9QupY2gIwSlVEeyX3Cn82Ybeb+1hFHrWTXhwl7vKgUC94vaG/X/zZ/gS4sKIANeDDFUcVjoGiP09Q9QIkC4mi5D5pUW/E',
  '/ibqdGsy90n5OTX3C/B5cHH//bHuInFvlpl7YjuLGnPfg31OnhjTTbeMreY+YQHoBWjFYKIA+BwoRjFN8rsZdy+UkpW3pM09ZHdXcZ8o',
  'aUq2jiHUZCCaYeL+fWxfQMBA/CWAz8AXuC83I5ak3UX706PjuNDvPsjlST6GQdhZUr/3GFbI5j6ACbyDfmeXp/pegkp7TjtG4UOkpylp',
  '1i9VlHpgAlkO+qSeF+WlTowrOgZVw9ICdCZ34KDQQ0uHzr3QKycgVmreAxo0m9djBNQgKEapmnuvvRHahV3zacQXtWlxHxur4sbh3i8t',
  'kLcyOD0TcwT3y9ivki76hB0qFbgOGvcoqMS96BqK/ed8qmtJP45zCjcgvmy785bgJmjACPxDWB8A0Pf1WIJ7hWRtVHo/qH9JDE3iPmfB',
  'QbhP83w43D8wkfhv4n4CQ+2oqUIfD9ncO3lae4P3wLq63PfQuTBOXoSsqUpDKM8F8jGxAIouARTcd+Xd3PvwB7TGk12Lc2i5nyc5pLN9',
  'QeYrVdyFaFKfmujvOyvcL0REnbnPsR1Wh/sl+AJUuOcUcsrbdp3dnt0OGCWDuG8R9n4t93Su05x18VKnx6AbU024D1QqQ0AcKvcwl/8p',
  'Gb28GX/3CMTM+XvY6sci+LIDNKuRKj99QCwszSudqFdhuoi/nhb3+lM8TEVLW1XcL+CZatzOckDRd86x7dpfsf2gC3khxCI04sv34CDr',
  'LAo77mq592URXwra9qH6ecSS+LmqlzVoKcMJaOo0wXvbaR+hOfQkrX9CeieIuhhGIIb3b9z4ReL+8Y0bv0TlJJXW8LBRj3tLuJcc7r9b',
  'zt1B3I8ag+2oeWkNoxix9Rwnr5egQejw1oZ63LdT2b3QiBED59GZ1MI4knJmlKX6NwEu7luk+SW4F8p8HdfgnC3nniLsitKdxI0f8Ss3',
  '5in/m6yQ0z/7GI3otI1Y3vgVmp9dSWTui2tJ5vg3ZnnGPBu/Ibk/SSdx73D/dM68CHud8j34In+msXgT1Z/GLWnm1UDrvu8PQDduOO6m',
  'QVA2fgMLG79c4Z7sj1wJ5vCU6yMQwLEuOvdJN82ZAIvj8TvFzKdruZ/C3Zcs1DhbSBZCN25nv+TiJ3oXv7qBvbe7a+wOqfA3s1mQ/mH7',
  'yLuL0+GeqwejeNYLSazi3haU+EXmOuxwT5+2v4MOmrw8X/LsZdACaE3mfrGB1rfB8YsAXGBIohaQmtueJ8cspvb3Zkcr/ZlKvaQJGW9T',
  'R7I/VvGzsL8HS3DE0qWa8J/U4x6RzUeH+/9CvIC435vc3Y4a2zBUbwL/9QZ05XUroxPIJF+frsN9K9mxz4EfP4O4lBbcK/xgFT9Nj1B3',
  'bO59tnBvxQMFkLy05GWa/JSiowZtJKxPJlmiNbHdUSb2go5da1hBv+A+JRei1o95MYt7h/uBWKEB+5zyOSvIdrhsj9pplNx/E4DOBQ0g',
  'WLFrbe7ledeC2gVfBmopV85SBKIHw7bH5iwhCPRCNfcJXiXlPFpXty0em6iWxsJ9T+eNUImXm1eT+DWxCB/bUCkncGdCaYDvIP/9ORAY',
  'HtbN4WFXqGAVu0NcqUVI52Isn2RCbe4bRfebEcshDocJ7n97h04alY6F1WI/N5I7E9SsKJfE/83W4d6HWCS1SP0wJxqvLy0iOEnisnu0',
  'AQcDmIImTDXSDubt8U2qL+hQ1zOZewWL0EMn+wG450CJw33KwLcy9937bO57mHtWJ5087cLfBIX+K8ySau4bcRPNuA9vM/VrqYBiiJ42',
  'S0e5Yogda3MPuR3T4R6OWNVPMjPNOl0YuoQ9TD4HD5YEc7xCgnvSyxSDuQ/LnVDLvRD3Dvd90QkfDtjlFaG7BLm9KPln86AK7sX51I0P',
  'VflzbO7bsdeHe/dL21C6qBJ6S4QYbMNBv9C4VYMW9i0X2nanzX03PvR2UJJo3Qqnux3e1fLZdt8rWRlXuevl0DuC4MedCYzEXB7gFjsO',
  '1igVHo5bNQn56rqpkUOsdpH1cH+M4gk/SVfJ+4SYce9H7iJ9Q98tuJ9HDUwQ932Q5fILecMtxC03Ubkl0r8+6VDJTzrTlRgDZVD7PSNN',
  'lgZ6CtrIvz5CtnHn+Ua5Vt6TnvO1eHwdzd598fitQHao4N5cuTJXl/tneBkq3GfLjcx9a4m5z9vynt3tPkfPQRlmhE/JL9XcN+BzbdgL',
  'XvxuMf0dmpiADER6hH4NTdIr4HDfs2863JMZi0jcs2+Y+yJtf7KbvGg9+6zO+4wp91Lfcqbw2wh/Qi33KACu4n7QLu+Mh9rrIpbHpH0m',
  '7ceFiH+6vA73zSSfngI/RnSL9pEdhwvg7haB2wI+Z3rQ7Kvm3q/juDj3X60K9HS7vYCXPYBb0+aQBuC5mQ5QT/Zn2nwsai3Y24q7E6NT',
  'ynuAwMD0uM/xeGiYVfp9g+MfVo0CePHn8QQ+FnL8yDn2fQd5ZsPSS5srsH+hnDTrcI8/qwX/Mp4plcVEdE8LHbYpDjfR3FPrPax3R1z6',
  'fXiSXWuYcNGTxP1Udi2ezMdShfurdgnu/dgt9fsYtzP0tUuk0kbt6OXzJTBwhrDPqrlXcbQDQ6DiE/noizQDHVLtA7H79oO1qZr71vJ0',
  'uE+i5N6iKvvsqE8DVa6X2FwV8TCb+zE7XhecinsBxiTuubwdf7Pbs9shQSj0LhmHr+W+AZ8jfdSL69A4ns8fg893D+7r4KVRcvzRg+Xe',
  'au59OeK+uPLz9kUAmd61oSrYZcfjoXnMKIK6gcndNIfc7YXsSB39vslNuXLssbGJY4/VpubeWznFBTGS+57KPYo0xSFRKvYg5jnL8ijk',
  'rDM53aP0zbsyXMdyUdYivhJ26/feexB3acQ9iePoSDOBmxIDnhDct+MA+xbt/qX3r9Ukfw5q0Hog7guQpW5WuCfJQNwrmCR/TqHiz2G9',
  'oeD4c6LS5a7oVjX3HAvSx4Xf6dmxriL1ybFnRfvilHdz3yB5PCD3KuKtb09Ked/F8j4sfizksA/N4eHh4d4K9+O2vJ+K+13C3piK+31T',
  'yXuplh+dFZZkDfcK7fsgqPitUvYyGn+j3F+5YozlhTzv5i23w9I2913405PAGwK4YPiWKefhZgNfRetVcT8nVhaghqOjc7CPjmYX4bZ6',
  'U1F46upNMHfu3KrAYLOQaqTbiy0uuPdhxbxOmtXc59i2YttGaJ50BpAclPqNPlFnJKcZaH2rwv2phrRXlI1foF22txGDFDgmdY586IL7',
  'QeiQp1euDIpRx3+fwN563CtBUjU3MR0cApjMPaRJQpFuTL5Qyb2T10vQYnsOhP7H9arCxxMkd1yC8NCNkTkWMoBSJRHcN9tqrcO9Ymw6',
  'OPc+OpzSKPY4nXfdYt972ZYpiX3nitfSPlXwgNyH2d6U2VruVXG+hez27HYq3INyEQ/F4V4TK57NM47Gzydid1riwtm4OOeEIZu0pYZR',
  'a9da07ng1l4Qfsb3Q/MenmhoMKFtXyvuhAWIYfeMSeHfVjOvNvd6jdYt7c6uCel9iMg4leC+W+6eEIfUQY3HhZ5DGhfNL8kIiitJsxZy',
  'Rd4foiej9fz3R+XobsyrnOiOjHm1+/LSmBd/ehGmFLEOmtRzyH+ct+Ox73GYc3Hfhc/X497zSyqSYjqaSOLU4b6HepbGkIdYs7nnfEnq',
  'FBMADzsxAsGzYWpC/kfLOV5+3NFC9kwLfe6slIva0sfhHmKj0+GefOPMfR+z2E6VqmxrNlC/WDZ5KvcUdCsYODD3IfYvQhOvUy337ITO',
  'WaK9LAapHX819wBGntd5jwzW+Jn7WClLHciWxrqfLBPeRXZQkEEwyhNtH/r26X8wP+Y9L1dZnftEhDv6m4/nDR6p1wp2jQWwfPYZWH1f',
  'Y8w+R4Iz4T49Iu2X//tnkm/vHsri1qGwYuDQ0NC3AcqfXXqV1PTZrs38y8l3UUsL8RdH8dCEWQtJvGUx3+u6RPm0ENG13IPnHne8tij3',
  'rPoqRcXaChygSbG+STsPSyuvNzBCB82jV5I9YW3meE4Mnxgaur/CfTNatydc3F84ZFhD3wYPbrnCwD6mQyUumvGVoaGhXjf3bdSzbnzx',
  'ZpJnNvecH5M2DJnaW8650KXfQxp3reVxdyHfmE9iKoDC9pAnnzhvDOrnUJ+b+4XFg3PvQbqPwdzvO5763YTlc965hfS5Wz5B/UjiBm3R',
  'kxXuY/hy1s39yUtjeM3SkJv7Rgli6dJzJ3Mfw3vfRTWlcXwx1ZPDL/a4uT/zEnmiB7Cw9BySRfd+iPMdYvwJHGmneprweRGnbhTxsh78',
  'xSHdU6hx37vuRSr6n40d7O2ukveQk9pFrAwz4F6VcskvzSW2KzEi4sR56U98vsJ9VjoG/bb/XiqgS2R+DhooHGeTuAdleYX7XZqj0ZJ+',
  '32RpAeOl7w0ESKq04aBotywNPXkfk8ygyn1MGfUyxDzU3Mfka5qWJuhIYi+5F2mAbu4D1LNmafbb3Nt54p7OG13a2RXrB22HHQvABPaR',
  'bqKQHOaLCpJ7oc+l3NwHhIl6YLtWx9/qwq41WHFQDLEONC7SuxfY/jLJ/QInXis4zjp+DId79s/zRJmTuV8g479pS8RD7HZs7rvwmRyv',
  'kEfEazsQLea+xY4H72gR/Rvwy4A1S7fEocZrq933cLqBWA7KeIAZhPexH2in+2SwI5fj1fUtWgGO5jqZ+0b7dEiiFGPV3NO0m6Fq7gu2',
  '4yFScV+w3R8RcfY/uHlX3F5NbfI7Uqqc1UF+1mLr4tz+F2RkXXJ/L0zmHk6gDmm13NM1euoH07EEd9bjXqUekn+4pFW4pzzdYyPuW3E3',
  'n0J8P1py77PNnGZBV5TiNHTXeS+1kzoQ91LEHJj7sxBN1u/NqDAUTxQ8NiHmqU98L9fFvZrFP2YPzD1EmcRP1OWe6qP3Dez2GmU7Fe5t',
  'sy7BCx9AHGe+/eL1iC4Ku4yBapga6MLPwUTNnPuPftadi0f860U846q8vNCi0H06uHL4O0eQAxsq97rD4qTcPcUJWnNLMh53Hb4A3ge3',
  'UrWL+f5MSOGP2wCOvHv71sulvKIX5BbdPfwY7xTv158hc1yJy+4evXkb3bFs+N5fHtVc9dvh3KlvQcf5Akx6QrYRBvDG10E8Hud7gACL',
  'N1MHrpPZU6lf66mftjZ32XZyr15xO8BH18u/3wrg+dwzj1JUk8bgi98KDeJekDdOd6/iYaBWr4tTRE2M+wNxuSd9D+oktq+7nfpxK6g3',
  'bN8qDJErbpfd2cZuCG88LuZLg/htEBD10lCuWM+j4hRxcy/fPTkw9+rnfnf1B+I0Fu9m8frEldsfp4VdvS1CfQLf15+5LwxyZHyzXqOd',
  'dir147P8GqNoV3J/ajwIgTi/ILcsvh688fCpt3niEac8NDy4tZfvpcn2lm+LMPdyXT3/tnmboEz5yHX0aPXWs7llNc4rEIiHPPF14KNn',
  'p8Z7WeMHns+4fMFyuveQp0o17xnWcZGnhF+n/lsf/vr3rxOjr/Pblf7p3cZ/G/5Um3f3m+KN2LeJwP5hSj58ab39Xhvt7SvuwsP5oqtC',
  'GkxdS7FtRhfu3ff9q99vmWFSa+Wr7Ymw3zsx8oeXe8gxwh3lqd4biNR7vHnwdaaoaXrLzPFoDL8ZuFf1PxxW7p14SeM29/u1hye1PnLu',
  'VTg++fnctyRw8A3gfu6Ztj/dicPinx+qcH/G/9S8ZvbauT+T3zP/1NP1/9pWfmMoajWnyUcO8eXgm0Lgn64dxsq8w8Nb3fkHh4cjh3N6',
  'pV1am7IzlCKHi3tj0rZuqn2vPDVDMRSCv+mknHepBn9v6WYRz3jpNXFfDtblfkZ69OHjfpLS9Y/Xb6hwf9pXV8Bs+rtPCfu9okOWFh/9',
  'z6/Vk+v/MXTfjOTkjU9Uvt/92KEPaOj+qU6z6Pjscs8mWxau5PT3IAMXfXJ2uWfTbOL0/w==',
].join('');

/**
 * The letters at a cell height in pixels; 10 and more is readable.
 */
export async function loadGlyphs(height: number): Promise<Glyphs> {
  const width = Math.max(1, Math.round((height * CELL_WIDTH) / CELL_HEIGHT));
  const packed = inflateRawSync(Buffer.from(ATLAS, 'base64'));
  const gray = Uint8Array.from({ length: 2 * packed.length }, (_, i) => {
    const pair = packed[i >> 1] ?? 0;
    return (i % 2 === 0 ? pair >> 4 : pair & 15) * 17;
  });
  const coverage = await sharp(gray, {
    raw: { width: GLYPHS * CELL_WIDTH, height: CELL_HEIGHT, channels: 1 },
  })
    .resize(width * GLYPHS, height, { fit: 'fill' })
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  return { width, height, coverage };
}
